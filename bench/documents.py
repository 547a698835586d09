"""PDF text: pypdfium2, pypdf and pdfminer.six on the same files in one run. Text quality, milliseconds a page, and what broken files do to each.

The files are made here: by our own writer, and where reportlab and fpdf2 are installed by them (accents, ligatures, two columns, justified text,
hyphens at line ends). `bench/documents.py PATH ...` reads the PDFs of folders and WARC files as well (by default those of a capture in ../shared/data);
there only speed and problems are told, and how many of the words of the first reader the others have.

    make .venv-bench/.installed && PYTHONPATH=. .venv-bench/bin/python bench/documents.py
"""

from __future__ import annotations

import io
import logging
import random
import re
import sys
import time
import unicodedata
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from rabat_crawler.archive.warc import iter_records
from rabat_crawler.demo.pdf import make_long_pdf
from rabat_crawler.extract.decoding import decode_body

WORD = re.compile(r"[^\W_]+")
FRENCH = (
    "Les délégations ont rappelé l'importance d'une coopération régionale fondée sur la confiance et sur des objectifs vérifiables.",
    "La réunion s'est tenue à Ouagadougou ; chaque pays a présenté l'état d'avancement de ses projets et les difficultés rencontrées.",
    "Une œuvre commune suppose des efforts réguliers : formation des agents, échange de données fiables, suivi des financements.",
    "Le comité a noté que les fiches affichées en août étaient déjà périmées, où qu'elles aient été établies.",
    "Où l'accès au marché du travail est difficile, l'aide à la création d'entreprise reste le levier le plus efficace.",
)
ENGLISH = (
    "The participants confirmed that official figures differ from one office to the next and should be reconciled first.",
    "A final workflow was agreed: files are submitted by the offices, verified, and filed by the first week of each quarter.",
    "Diaspora associations finance small infrastructure; the effect on household income was difficult to quantify.",
    "Five offices offered to share their findings before the next thematic meeting.",
)


@dataclass(frozen=True)
class Sample:
    """A file and the words that stand in it, in reading order; [] where that is not known."""

    name: str
    body: bytes
    pages: list[str]


def sentences(language: tuple[str, ...], seed: int, count: int) -> str:
    """Running text."""
    return " ".join(random.Random(seed).choices(language, k=count))


def made() -> Iterator[Sample]:
    """The files that can be made here."""
    pages = [f"Chapitre {n}. {sentences(FRENCH, n, 14)}" for n in range(1, 61)]
    yield Sample("our writer, 60 pages, French", make_long_pdf("Rapport", [[page] for page in pages]), [p.replace("œ", "oe") for p in pages])
    try:
        import fpdf
        import reportlab
    except ImportError:
        print("reportlab or fpdf2 is not installed: only our own writer's files are read")
        return
    yield from by_reportlab(Path(reportlab.__file__).parent / "fonts")
    yield from by_fpdf(fpdf, Path(reportlab.__file__).parent / "fonts")


def by_reportlab(fonts: Path) -> Iterator[Sample]:
    """Two columns justified, and ligatures as characters of the font."""
    from reportlab.lib.enums import TA_JUSTIFY
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import BaseDocTemplate, Frame, PageBreak, PageTemplate, Paragraph

    pdfmetrics.registerFont(TTFont("Vera", str(fonts / "Vera.ttf")))
    for name, columns, language, font in (
        ("one column, Times", 1, FRENCH, "Times-Roman"),
        ("two columns justified, TrueType", 2, FRENCH + ENGLISH, "Vera"),
    ):
        style = ParagraphStyle("x", fontName=font, fontSize=9, leading=12, alignment=TA_JUSTIFY, spaceAfter=6)
        file, story, pages = io.BytesIO(), [], []
        for number in range(1, 21):
            paragraphs = [f"Partie {number}, alinéa {n}. " + sentences(language, 100 * number + n, 5) for n in range(4)]
            pages.append(" ".join(paragraphs))
            story += [Paragraph(text, style) for text in paragraphs] + [PageBreak()]
        width = 480 // columns - 10
        frames = [Frame(56 + n * (width + 20), 56, width, 720) for n in range(columns)]
        document = BaseDocTemplate(file, pagesize=(595, 842))
        document.addPageTemplates(PageTemplate(frames=frames))
        document.build(story)
        yield Sample(f"reportlab, {name}", file.getvalue(), pages)


def by_fpdf(fpdf: Any, fonts: Path) -> Iterator[Sample]:
    """Ligature characters, and words parted at line ends by soft hyphens."""
    for name, change in (
        ("ligature characters", lambda text: text.replace("ffi", "ﬃ").replace("ff", "ﬀ").replace("fi", "ﬁ").replace("fl", "ﬂ")),
        ("hyphens at line ends", lambda text: re.sub(r"(\w{4})(?=\w{4})", "\\1\u00ad", text)),
    ):
        paper, pages = fpdf.FPDF(), []
        shaped = fonts / "DejaVuSans.ttf"
        face = shaped if shaped.exists() else next(iter(found_fonts()), fonts / "Vera.ttf")
        paper.add_font("F", "", str(face))
        for number in range(1, 21):
            text = f"Annexe {number}. " + sentences(ENGLISH + FRENCH, number, 16)
            pages.append(text)
            paper.add_page()
            paper.set_font("F", size=10)
            paper.multi_cell(90, 5, change(text))
        yield Sample(f"fpdf2, {name}", bytes(paper.output()), pages)


def found_fonts() -> Iterator[Path]:
    """A font with ligatures, if the machine has one."""
    for folder in ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts"):
        yield from sorted(Path(folder).rglob("DejaVuSans.ttf"))


def found_at(path: Path) -> Iterator[Sample]:
    """Every PDF of a folder or WARC file."""
    if path.is_dir():
        for file in sorted(path.rglob("*.pdf")):
            yield Sample(file.name, file.read_bytes(), [])
        return
    for record in iter_records(path, directory=path.parent):
        if record.capture.media_type == "application/pdf" and record.capture.status == 200 and record.body:
            yield Sample(record.capture.url.rpartition("/")[2], decode_body(record.body, record.response_headers)[0], [])


def by_pdfium(body: bytes) -> list[str]:
    import pypdfium2

    document = pypdfium2.PdfDocument(body)
    found = []
    for page in document:
        text = page.get_textpage()
        found.append(text.get_text_bounded())
        text.close()
        page.close()
    document.close()
    return found


def by_pypdf(body: bytes) -> list[str]:
    import pypdf

    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages]


def by_pdfminer(body: bytes) -> list[str]:
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LTTextContainer

    return ["".join(box.get_text() for box in page if isinstance(box, LTTextContainer)) for page in extract_pages(io.BytesIO(body))]


READERS: dict[str, Callable[[bytes], list[str]]] = {"pypdfium2": by_pdfium, "pypdf": by_pypdf, "pdfminer.six": by_pdfminer}


def words(text: str) -> list[str]:
    """Words to compare: hyphens at line ends joined, ligatures as letters; what any user of the libraries would do first."""
    text = unicodedata.normalize("NFKC", re.sub("(?:[\u00ad\u2010-](?=\\s*\n)|[\ufffe\x02])\\s*", "", text).replace("\u00ad", ""))
    return WORD.findall(text.replace("œ", "oe").lower())


def score(pages: list[str], truth: list[str]) -> tuple[float, float, float]:
    """(F1 of the words, share of the words in the right order, share of pages whose words are all right)."""
    found, wanted = words("\n".join(pages)), words("\n".join(truth))
    common = sum((Counter(found) & Counter(wanted)).values())
    f1 = 2 * common / (len(found) + len(wanted)) if found or wanted else 1.0
    ordered = sum(block.size for block in SequenceMatcher(None, found[:4000], wanted[:4000], autojunk=False).get_matching_blocks()) / max(
        1, min(len(wanted), 4000)
    )
    right = sum(words(page) == words(text) for page, text in zip(pages, truth, strict=False)) / len(truth)
    return f1, ordered, right


def broken(samples: list[Sample]) -> Iterator[tuple[str, bytes]]:
    """Damaged copies of a file: cut, with the cross references wrong, with a few bytes changed."""
    body = samples[0].body
    yield "cut in half", body[: len(body) // 2]
    yield "cross references wrong", body.replace(b"startxref\n", b"startxref\n9")
    yield "no trailer", body[: body.rindex(b"xref\n0")]
    dice = random.Random(5)
    for number in range(10):
        spoilt = bytearray(body)
        for _ in range(20):
            spoilt[dice.randrange(len(spoilt))] = dice.randrange(256)
        yield f"20 bytes changed, {number}", bytes(spoilt)


def main(paths: Iterable[str]) -> None:
    """Print the table."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    samples = list(made())
    real = [sample for path in paths for sample in found_at(Path(path))]
    heard: dict[int, Counter[str]] = {}
    for name, reader in READERS.items():
        reader(samples[0].body)  # imports
        print(f"\n{name}")
        spent = count = 0.0
        for sample in samples:
            start = time.perf_counter()
            pages = reader(sample.body)
            took = time.perf_counter() - start
            spent, count = spent + took, count + len(pages)
            f1, ordered, right = score(pages, sample.pages)
            print(f"  {sample.name:46} {1000 * took / max(1, len(pages)):7.2f} ms/page  F1 {f1:.3f}  in order {ordered:.3f}  pages right {right:.0%}")
        print(f"  {'all of these':46} {1000 * spent / count:7.2f} ms/page")
        if real:
            print("  " + told(reader, real, heard))
        said: Counter[str] = Counter()
        for _, body in broken(samples):
            try:
                said["text" if any(words(page) for page in reader(body)) else "no text"] += 1
            except Exception as error:
                said[type(error).__name__] += 1
        print(f"  damaged copies: {dict(said)}")


def told(reader: Callable[[bytes], list[str]], samples: list[Sample], heard: dict[int, Counter[str]]) -> str:
    """What a reader makes of files whose words nobody knows; `heard` keeps the words of the first reader."""
    spent = count = failed = shared = wanted = 0.0
    for number, sample in enumerate(samples):
        start = time.perf_counter()
        try:
            pages = reader(sample.body)
        except Exception:
            pages = []
            failed += 1
        spent += time.perf_counter() - start
        count += len(pages)
        found = Counter(words("\n".join(pages)))
        first = heard.setdefault(number, found)
        shared, wanted = shared + (first & found).total(), wanted + first.total()
    said = f"{len(samples)} captured files, {count:.0f} pages"
    return f"{said:46} {1000 * spent / max(1, count):7.2f} ms/page  {failed:.0f} not read  {shared / max(1, wanted):.3f} of the first reader's words"


if __name__ == "__main__":
    main(sys.argv[1:] or [str(path) for path in sorted(Path("../shared/data").glob("*.warc.gz"))])
