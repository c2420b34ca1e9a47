"""The web side dies by SIGKILL in the middle of a POST."""

import contextlib
import threading

import requests

from tests.support.estivador import Estivador

ROUNDS = 12
TIMES = 1000


def test_a_post_that_is_cut_off_leaves_all_or_nothing_and_its_repeat_makes_one_result(instance: Estivador, busybox_image: str) -> None:
    consumer = instance.start_consumer()
    task_id = instance.register(busybox_image)
    instance.end(consumer)
    for number in range(ROUNDS):
        headers = {"Idempotency-Key": f"round-{number}"}
        path = f"/task/{task_id}/"

        def post(path: str = path, headers: dict[str, str] = headers) -> None:
            with contextlib.suppress(requests.RequestException):
                requests.post(instance.url(path), json={"times": TIMES}, headers={**headers, "Authorization": f"Bearer {instance.token}"}, timeout=10)

        sender = threading.Thread(target=post)
        sender.start()
        # Each round a little later: before, in, and after the transaction.
        sender.join(number * 0.006)
        instance.end(instance.processes[-1])
        sender.join()
        instance.start_web()
        before = instance.rows("SELECT count(*) FROM result")[0][0]
        assert before in (number, number + 1)
        assert instance.rows("SELECT count(*) FROM audit WHERE action = 'result.run'")[0][0] == before
        instance.post(path, {"times": TIMES}, headers=headers)
        assert instance.rows("SELECT count(*) FROM result")[0][0] == number + 1
        assert {row[0] for row in instance.rows("SELECT count(*) FROM detail GROUP BY result_id")} == {TIMES}
