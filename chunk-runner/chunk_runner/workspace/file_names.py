"""The files of a workspace.

manifest.json            the decisions of prepare; the names of all other files follow from it
source.pdf               the source without the bytes before its header, if there are many, while prepare reads it
chunks/sample.pdf        the sample pages, while prepare reads them
chunks/00002.pdf         the pages of chunk 2, until its result is durable
results/00002.result     the result of chunk 2
attempts/00002.jsonl     one line when an attempt at chunk 2 starts, and one when it ends
tickets/0/00004.jsonl    the turn of an attempt in round 0: a line when it is taken, when it begins, and at its end
answers/<key>.answer     an answer of a model, by the request
tokens.json              the tokens used by chunks that have their result, if there is a budget
output.json              the output (or output.jsonl, output.md)
usage.jsonl              requests and tokens of each chunk, if there are any
report.json              the report of merge
.claim                   the uid of the claim for which the workspace was created
"""

from __future__ import annotations


MANIFEST = "manifest.json"
REPORT = "report.json"
USAGE = "usage.jsonl"
TOKENS = "tokens.json"
SOURCE = "source.pdf"
CHUNKS = "chunks"
SAMPLE = f"{CHUNKS}/sample.pdf"
ATTEMPTS = "attempts"
TICKETS = "tickets"


def chunk_file(index: int) -> str:
    """Return the file name of a chunk's PDF."""
    return f"{CHUNKS}/{index:05}.pdf"


def result_file(index: int) -> str:
    """Return the file name of a chunk's result."""
    return f"results/{index:05}.result"


def answer_file(key: str) -> str:
    """Return the file name of a model's answer."""
    return f"answers/{key}.answer"


def attempts_file(index: int) -> str:
    """Return the file name of the records of a chunk's attempts."""
    return f"{ATTEMPTS}/{index:05}.jsonl"


def ticket_file(round_number: int, number: int) -> str:
    """Return the file name of a ticket, which an attempt takes before its turn."""
    return f"{TICKETS}/{round_number}/{number:05}.jsonl"
