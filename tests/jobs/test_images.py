"""Images of a task on the real Engine: what runs keeps its image when the task's is imported again."""

from docker import DockerClient

from tests.support.estivador import Estivador
from tests.support.images import REPOSITORY, build_image, image_id, remove_image


def test_an_import_again_leaves_what_runs_alone_and_the_next_run_takes_the_new_image(running: Estivador, docker_client: DockerClient) -> None:
    tag = build_image(docker_client, {"/version": b"one"})
    other = build_image(docker_client, {"/version": b"two"})
    former, current = image_id(docker_client, tag), image_id(docker_client, other)
    try:
        task_id = running.register(tag)
        sleeping = running.run(task_id, command=["sh", "-c", "while [ ! -e /tmp/go ]; do sleep 0.1; done; cat /version"])
        running.until_result(sleeping, lambda result: result["status"] == "RUNNING")
        assert docker_client.api.tag(other, REPOSITORY, tag.split(":")[1])
        running.post(f"/task/{task_id}/", {"operation": "IMPORT"})
        task = running.until_task(task_id, lambda task: task["status"] in ("READY", "ERROR"))
        assert (task["status"], task["image_id"]) == ("READY", current)
        after = running.run(task_id, command="cat /version")
        running.until_ended(after)
        assert running.log(running.details(after)[0]) == "two"
        assert running.get(f"/result/{sleeping}/")["status"] == "RUNNING"
        docker_client.containers.get(running.details(sleeping)[0]["container_id"]).exec_run("touch /tmp/go")
        running.until_ended(sleeping)
        assert running.log(running.details(sleeping)[0]) == "one"
        assert {detail["image_id"] for detail in running.details(sleeping)} == {former}
        assert {detail["image_id"] for detail in running.details(after)} == {current}
        told = [(row["image_id"], row["current"], row["pulled"], row["results"]) for row in running.get(f"/task/{task_id}/image/")]
        assert told == [(current, True, False, 1), (former, False, False, 1)]
        assert [row["result_id"] for row in running.get(f"/result/?image_id={former}")] == [sleeping]
    finally:
        for reference in (tag, other, former):
            remove_image(docker_client, reference)
