"""What the examples' tests share: a folder of images, one of which is none."""

import os

import pytest

import memsh

IMAGES = 10


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    with memsh.sample() as img:
        img.rows("dump", "--phys", "-o", str(folder / "host-00.raw"))
    for i in range(1, IMAGES):
        os.link(folder / "host-00.raw", folder / f"host-{i:02}.raw")
    (folder / "notes.txt").write_text("this is no image\n" * 100)
    return folder
