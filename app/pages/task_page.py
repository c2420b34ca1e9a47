"""What the page of a task shows: the same whether it is asked for, refreshed, or comes back with a form that has something wrong."""

from typing import Any

from app.pages import queries
from app.services import images, results, secret_environment, statistics, tasks, trends


def context(task_id: int) -> dict[str, Any]:
    """Return the task, the page of its results that the address names, its past and its images."""
    task, asked = tasks.get(task_id), queries.paging()
    found = results.listing(asked.page, queries.PAGE_SIZE, task_id=task_id)
    return {
        "task": task,
        "parameters": secret_environment.shown(task),
        "rows": found.rows,
        "total": found.total,
        "asked": asked,
        "recent": statistics.recent([task_id])[task_id],
        "trends": trends.of(task_id),
        "images": images.listing(task_id),
    }
