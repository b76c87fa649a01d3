"""The packaged chart installs the images that were published with it."""

from pathlib import Path

from chart.helm import OPERATOR, Helm, environment, pods
from tools.release import chart


def test_the_packaged_chart_names_the_published_images_by_digest(helm: Helm, tmp_path: Path) -> None:
    one, two = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
    archive = chart.package("ghcr.example.com/books", {"image": one, "runner.image": two}, tmp_path / "new")
    rendered = helm.render(chart=archive)

    assert archive.parent == tmp_path / "new"
    image = pods(rendered)[OPERATOR]["spec"]["containers"][0]["image"]
    assert image == f"ghcr.example.com/books/pdfjob-operator@{one}"
    assert environment(rendered)["PDFJOB_RUNNER_IMAGE"] == f"ghcr.example.com/books/pdfjob-chunk-runner@{two}"
    mirrored = helm.render("--set=global.imageRegistry=mirror", chart=archive)
    assert environment(mirrored)["PDFJOB_RUNNER_IMAGE"] == f"mirror/books/pdfjob-chunk-runner@{two}"
