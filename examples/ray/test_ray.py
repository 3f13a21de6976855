"""Two workers, one of which is killed in the middle: every result is there, and none twice."""

import os
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
ray = pytest.importorskip("ray")

import fleet as example  # noqa: E402

import memsh  # noqa: E402
from conftest import IMAGES  # noqa: E402
from memsh import fleet  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def cluster():
    # Functions of the example travel by reference: the workers must find its module.
    paths = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {"env_vars": {"PYTHONPATH": os.pathsep.join(paths)}}
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env=env)
    yield
    ray.shutdown()


def ours(pid: int) -> bool:
    """Whether a process descends from this one: nobody else's cluster is touched."""
    while pid > 1:
        if pid == os.getpid():
            return True
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return False


def workers(name: str) -> list[int]:
    """Processes of this cluster that run this task now."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cmdline").read_bytes().startswith(f"ray::{name}".encode()) and ours(int(folder.name)):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def watched(name, results, killed):
    for result in results:
        if not killed:
            for pid in workers(name)[:1]:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
        yield result


def test_images_answer_although_a_worker_dies(folder):
    images, killed = fleet.images(str(folder)), []
    answers = list(watched("asked", example.ask(images, "ps"), killed))
    assert killed and sorted(a["image"] for a in answers) == images
    with memsh.sample() as img:
        truth = img.processes().to_arrow()
    good = [a for a in answers if not a["error"]]
    assert len(good) == IMAGES and all(a["table"].drop_columns("image").equals(truth) for a in good)


def test_a_split_search_is_the_whole_although_a_worker_dies(folder, monkeypatch):
    image = str(folder / "host-00.raw")
    with memsh.open(image) as img:
        whole = img.rows("scan", "Linux", "--phys").to_dicts()
    killed, waiting = [], example.as_completed
    monkeypatch.setattr(example, "as_completed", lambda refs: watched("searched", waiting(refs), killed))
    hits = example.search(image, 1_500_001, "Linux")
    assert killed and hits == whole and len(hits) > 10
