"""A matrix and labels on the real Engine: what each container finds, and what it carries."""

from docker import DockerClient

from tests.support.estivador import Estivador

MATRIX = {"SIZE": ["small", "large"], "SEED": ["1", "2", "a = b"]}
SAYS = ["sh", "-c", 'echo "$SIZE/$SEED/$KEPT of $ESTIVADOR_TIMES"; [ "$SEED" != 2 ]']


def test_each_container_finds_the_values_of_its_combination(running: Estivador, busybox_image: str) -> None:
    task_id = running.register(busybox_image)
    result_id = running.run(task_id, times=2, command=SAYS, env={"KEPT": "k"}, matrix=MATRIX)
    result = running.until_ended(result_id)
    assert (result["times"], result["counts"]["COMPLETE"], result["counts"]["ERROR"]) == (12, 8, 4)
    details = running.details(result_id)
    wanted = [f"{size}/{seed}/k of 12\n" for size in MATRIX["SIZE"] for seed in MATRIX["SEED"] for _ in range(2)]
    assert [running.log(detail) for detail in details] == wanted
    assert [f"{detail['env']['SIZE']}/{detail['env']['SEED']}/k of 12\n" for detail in details] == wanted
    assert {detail["engine"] for detail in details} == {"local"}
    failed = running.get(f"/result/{result_id}/detail/?status=ERROR")
    assert failed == running.get(f"/result/{result_id}/detail/?matrix=SEED=2")
    rerun_id = running.post(f"/result/{result_id}/", {"operation": "RERUN", "only": ["ERROR"]})["result_id"]
    running.until_ended(rerun_id)
    again = running.details(rerun_id)
    assert [(detail["index"], running.log(detail)) for detail in again] == [(detail["index"], wanted[detail["index"]]) for detail in failed]


def test_a_container_carries_the_labels_of_its_task_and_its_run(running: Estivador, busybox_image: str, docker_client: DockerClient) -> None:
    task_id = running.register(busybox_image, labels={"team": "sea", "stage": "test"})
    result_id = running.run(task_id, command="sleep 60", labels={"stage": "live", "run": "1"})
    running.until_result(result_id, lambda result: result["status"] == "RUNNING")
    labels = docker_client.api.inspect_container(running.details(result_id)[0]["container_id"])["Config"]["Labels"]
    running.post(f"/result/{result_id}/", {"operation": "KILL"})
    assert {name: labels[name] for name in ("team", "stage", "run")} == {"team": "sea", "stage": "live", "run": "1"}
    assert labels["estivador.result"] == str(result_id)
    running.until_ended(result_id)
