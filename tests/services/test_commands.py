"""The `docker run` line does by hand what the execution did."""

import html
import re
import subprocess

from tests.support.estivador import Estivador

PRINTS = ["sh", "-c", 'echo "$GREETING from $ESTIVADOR_INDEX of $ESTIVADOR_TIMES"; exit 7']


def test_the_line_of_an_execution_does_the_same_in_a_shell(running: Estivador, busybox_image: str) -> None:
    task = running.register(busybox_image)
    result = running.run(task, times=2, command=PRINTS, env={"GREETING": 'it\'s "quoted" $HOME'})
    running.until_ended(result)
    detail = running.details(result)[1]
    page = running.page(f"/ui/result/{result}/detail/{detail['detail_id']}/")
    line = re.search(r'id="command-line">([^<]*)<', page)
    assert line is not None
    done = subprocess.run(["sh", "-c", html.unescape(line[1])], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.returncode) == (running.log(detail), detail["exit_code"]), done.stderr
