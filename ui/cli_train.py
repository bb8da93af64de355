"""The verbs of `rag train`: train the reader or the retriever, adapt the encoder to one's own notes, export plain model folders."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import UsageError
from index.places import Place
from ui import view
from ui.console import count, progress, share

if TYPE_CHECKING:
    from index.engines import Stored
    from index.types import Passage

    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

Options = argparse.Namespace

OUT = Path("~/.cache/rag-notes/train")
"""Outside the checkout: checkpoints are large and are not part of the project."""


def add_verbs(verbs: Verbs, add_place: Callable[[argparse.ArgumentParser], None]) -> None:
    """`rag train …` with verbs of its own; `add_place` adds the argument that names an index."""
    train = verbs.add_parser(
        "train",
        help="train the models, or adapt them to your notes",
        description="Train the models, or adapt them to your notes. A stage that was cut off goes on from its last checkpoint when it "
        "is run again. Model files are read and written with an extra: pip install '.[export]'.",
    )
    stages = train.add_subparsers(metavar="STAGE", required=True)
    reader = _stage(stages, "reader", train_reader, "train the reader: the exact answer in a passage, or that it holds none")
    _add_data(reader)
    reader.add_argument(
        "--whole",
        action="store_true",
        help="train the layers shared with the encoder too, to compare: prints figures, writes no model folder",
    )
    retriever = _stage(stages, "retriever", train_retriever, "train the encoder of questions and passages")
    _add_data(retriever)
    retriever.add_argument("--start", type=Path, metavar="FILE", help="weights of an earlier round (its encoder.safetensors)")
    retriever.add_argument("--dense", action="store_true", help="mine the model's own mistakes too, not only those of BM25")
    retriever.add_argument(
        "--average", type=share, default=0.5, metavar="S", help="how far the exported weights go from the old to the new (default: 0.5)"
    )
    own = _stage(stages, "adapt", adapt, "adapt the encoder to your notes, and switch to it only where it is better")
    add_place(own)
    own.add_argument("--epochs", type=count, default=2, metavar="N", help="how often each question is seen (default: 2)")
    plain = _verb(stages, "export", export, "write the models as plain sentence-transformers and transformers folders")
    plain.add_argument("target", type=Path, metavar="DIR", help="the folder to write `encoder` and `reader` into")


def _verb(stages: Verbs, name: str, handle: Callable[[Options], int], help: str) -> argparse.ArgumentParser:
    verb = stages.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".")
    verb.set_defaults(handle=handle)
    return verb


def _stage(stages: Verbs, name: str, handle: Callable[[Options], int], help: str) -> argparse.ArgumentParser:
    stage = _verb(stages, name, handle, help)
    stage.add_argument("--out", type=Path, metavar="DIR", default=OUT, help=f"where checkpoints and results go (default: {OUT})")
    return stage


def _add_data(stage: argparse.ArgumentParser) -> None:
    stage.add_argument("--data", type=Path, metavar="DIR", help="the folder with train/ and notes/ (default: $RAG_DATA)")
    stage.add_argument("--base", type=Path, metavar="DIR", help="the fp32 model folder to start from (default: the shipped encoder)")
    stage.add_argument("--share", type=share, default=1.0, metavar="S", help="the share of the examples to train on (default: 1)")
    stage.add_argument("--epochs", type=count, metavar="N", help="how often each example is seen (default: what was shipped)")
    stage.add_argument("--without", nargs="*", default=[], metavar="SOURCE", help="sources to leave out, such as klue-mrc-rtt")
    stage.add_argument("--seed", type=int, default=13, metavar="N", help="every bit of the result follows from it (default: 13)")


# Stages


def train_reader(options: Options) -> int:
    """Prints the figures of the held-out questions, and the folder of the reader."""
    from rag.evaluation.datasets import data_root
    from rag.training import stages
    from rag.training.selfsup import examples

    root, out = data_root(options.data), _run_folder(options, "reader.pt")
    plan = stages.Plan(share=options.share, without=tuple(options.without), seed=options.seed, whole=options.whole)
    plan = replace(plan, epochs=options.epochs or plan.epochs)
    base = _base(options, out)
    if options.base and not options.whole:
        stages.check_base(base)
    _show(stages.train_reader(root, base, out, list(examples(_passages(root))), plan))
    if not options.whole:  # it would have to bring a trunk of its own
        print(stages.export_reader(base, out))
    return 0


def train_retriever(options: Options) -> int:
    """Prints the figures of the held-out questions, and the folder of the encoder."""
    from index.encoder import open_encoder
    from rag.evaluation.datasets import data_root
    from rag.training import stages
    from rag.training.selfsup import pairs

    root, out = data_root(options.data), _run_folder(options, "encoder.pt")
    course = stages.Course(share=options.share, without=tuple(options.without), seed=options.seed, dense=options.dense)
    course = replace(course, epochs=options.epochs or course.epochs)
    passages = _passages(root)
    base = _base(options, out)
    raw = None if options.base or options.start else open_encoder()
    _show(stages.train_retriever(root, base, out, passages, list(pairs(passages)), course, options.start, raw))
    print(stages.export_retriever(base, out, options.average))
    return 0


def adapt(options: Options) -> int:
    """Prints the verdict, and embeds the notes anew where the adapted encoder wins; 1 where the old one is kept."""
    from index.engines import open_index
    from rag.training.adapt import adapt as adapt_encoder

    index = open_index(options.index)
    encoder = _adaptable(index)
    out = _folder(options.out / _digest(index, options.epochs))
    verdict = adapt_encoder(index, encoder, out, options.epochs)
    print(
        f"{verdict.questions} held-out questions: MRR@10 by meaning {verdict.before:.3f} → {verdict.after:.3f}, "
        f"difference {verdict.after - verdict.before:+.3f} (95 % {verdict.low:+.3f} to {verdict.high:+.3f}); "
        f"by meaning and words {verdict.mixed_before:.3f} → {verdict.mixed_after:.3f}"
    )
    if not verdict.wins:
        print("The adapted encoder is not clearly better by meaning, or worse together with words: the old one is kept.")
        return 1
    print(f"The adapted encoder is better: the notes are embedded anew with {out / 'encoder'} (`rag rollback` returns to the old one).")
    _switch(options.index, out / "encoder")
    return 0


def _adaptable(index: Stored) -> Path:
    """The folder of the encoder that built the index. UsageError where that is neither the shipped one nor one adapted from it."""
    from index.encoder import MODEL_FILE, SHIPPED, OnnxEncoder

    folder = SHIPPED if index.encoder_name == OnnxEncoder.SHIPPED_NAME else Path(index.encoder_name)
    if not (folder / MODEL_FILE).exists():
        raise UsageError(
            f"{index.path} was built by {index.encoder_name}; only the shipped encoder, or one adapted from it, can be adapted. "
            f"To go over to that: rag index --index {index.path} --encoder {OnnxEncoder.SHIPPED_NAME}"
        )
    return folder


def _digest(index: Stored, epochs: int) -> str:
    """What the adapted encoder follows from: another run neither goes on from its checkpoint nor writes over the encoder it gave."""
    from hashlib import sha256

    from rag import __version__

    passages = [(passage.passage_id, passage.embedded) for passage in index.passages(range(len(index)))]
    return "adapted-" + sha256(json.dumps([__version__, index.encoder_fingerprint, epochs, *passages]).encode()).hexdigest()[:12]


def _switch(place: Place, encoder: Path) -> None:
    """Embeds the notes of an index with another encoder."""
    from index.build import update
    from index.encoder import open_encoder
    from index.morphemes import Analyser
    from index.settings import IndexSettings

    opened, analyse = open_encoder(str(encoder)), Analyser().terms
    print(view.update_text(update(place, (), encoder=opened, analyse=analyse, settings=IndexSettings(), progress=progress())))


def export(options: Options) -> int:
    """Prints the folders written."""
    from index.encoder import SHIPPED
    from rag.span_model import FOLDER
    from rag.training.export import export_plain

    target = _folder(options.target)
    export_plain(SHIPPED, FOLDER, target)
    print(target / "encoder", target / "reader", sep="\n")
    return 0


# What the stages share


def _folder(place: Path) -> Path:
    place = place.expanduser().resolve()
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"cannot write to {place}: {problem.strerror}; choose another folder") from problem
    return place


def _run_folder(options: Options, checkpoint: str) -> Path:
    """Where checkpoints go. UsageError where that holds one of a run with other options: it would be gone on with."""
    from index.files import save

    out = _folder(options.out)
    names = ("share", "epochs", "without", "seed", "dense", "whole", "start", "base", "data")
    run = {name: str(value) for name, value in vars(options).items() if name in names}
    file = (out / checkpoint).with_suffix(".run.json")
    before = json.loads(file.read_text("utf-8")) if file.exists() and (out / checkpoint).exists() else run
    if before != run:
        differs = ", ".join(f"{name} {before.get(name)} → {run[name]}" for name in run if run[name] != before.get(name))
        raise UsageError(f"{out / checkpoint} is of another run ({differs}): choose another --out, or remove it to begin anew")
    save(file, (json.dumps(run, indent=1) + "\n").encode())
    return out


def _base(options: Options, out: Path) -> Path:
    """The fp32 folder to start from; that of the shipped encoder is made once."""
    from index.encoder import SHIPPED, verify_files
    from index.weights import write_plain

    base: Path = options.base or out / f"base-{verify_files(SHIPPED)[:12]}"
    if options.base and not (base / "modules.json").exists():
        raise UsageError(f"{base} is no sentence-transformers folder (no modules.json); leave --base out to start from the shipped encoder")
    if not base.exists():
        part = base.with_suffix(".part")
        write_plain(SHIPPED, part)
        part.rename(base)
    return base


def _passages(root: Path) -> list[Passage]:
    """The passages of the notes in the data folder, cut as an index cuts them."""
    from index.encoder import open_encoder
    from index.settings import SplitSettings
    from index.split import split
    from rag.training.notes import load_notes

    tokens = open_encoder().count_tokens
    return [passage for note in load_notes(root) for passage in split(note, SplitSettings(), tokens)]


def _show(figures: Mapping[str, float]) -> None:
    for name, value in figures.items():
        print(f"{name} {value:.4f}")
    sys.stdout.flush()
