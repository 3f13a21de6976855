"""Two workers, one of which is killed in the middle: every result is there, and none twice."""

import os
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
pytest.importorskip("distributed") if not os.environ.get("MEMSH_REQUIRE_LIVE") else None

import fleet as example  # noqa: E402
from dask.distributed import Client, LocalCluster  # noqa: E402

import memsh  # noqa: E402
from conftest import IMAGES  # noqa: E402
from memsh import fleet  # noqa: E402


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    with Client(cluster) as client:
        client.wait_for_workers(2, timeout=60)
        yield client


def kill_a_worker(client):
    """Kills a worker that has work to do."""
    busy = {worker: tasks for worker, tasks in client.processing().items() if tasks}
    assert busy, "too late: there is no work left"
    worker = next(iter(busy))
    os.kill(client.run(os.getpid, workers=[worker])[worker], signal.SIGKILL)
    return worker


def test_images_answer_although_a_worker_dies(client, folder, tmp_path):
    images = fleet.images(str(folder))
    assert len(images) == IMAGES + 1
    killed = []

    def watched():
        for answered in example.ask(client, images, "ps"):
            if not killed:
                killed.append(kill_a_worker(client))
            yield answered

    answers = list(watched())
    assert killed and sorted(a["image"] for a in answers) == images
    by_image = {a["image"]: a for a in answers}
    no_image = by_image.pop(str(folder / "notes.txt"))
    assert no_image["error"] and no_image["table"] is None
    with memsh.sample() as img:
        truth = img.processes().to_arrow()
    assert all(a["table"].drop_columns("image").equals(truth) and a["error"] is None for a in by_image.values())

    good, bad = example.save(iter(answers), tmp_path)
    assert (good, bad) == (IMAGES, 1)
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(tmp_path)
    assert table.num_rows == IMAGES * len(truth) and len(set(table["image"].to_pylist())) == IMAGES
    assert max(table["address"].to_pylist()) == max(truth["address"].to_pylist()) > 1 << 63


def test_a_split_search_is_the_whole_although_a_worker_dies(client, folder, monkeypatch):
    image = str(folder / "host-00.raw")
    with memsh.open(image) as img:
        whole = img.rows("scan", "Linux", "--phys").to_dicts()
        banner = whole[0]["address"]
    killed = []
    waiting = example.as_completed

    def watched(futures):
        for future in waiting(futures):
            if not killed:
                killed.append(kill_a_worker(client))
            yield future

    monkeypatch.setattr(example, "as_completed", watched)
    # Borders cut through a hit: it begins two bytes before one.
    size = next(n for n in range(1_500_000, banner) if (banner + 2) % n == 0) if banner > 1_500_000 else 1_500_000
    hits = example.search(client, image, size, "Linux")
    assert killed and hits == whole and len({h["address"] for h in hits}) == len(hits) > 10


def test_a_bucket_is_fetched(client, folder):
    # fsspec's way to a file stands for its way to s3, gs or http.
    images = fleet.images(f"file://{folder}", "host-0[01].raw")
    assert len(images) == 2 and images[0].startswith("file://")
    answers = list(example.ask(client, images, "info"))
    assert len(answers) == 2 and all(a["table"]["os"][0].as_py()["kind"] == "linux" for a in answers)
