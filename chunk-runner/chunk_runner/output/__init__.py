"""The output of a job: the merged results in one of three formats, written as a stream.

- `json`: one document, `{"source": …, "processor": …, "ledger": …, "droppedLines": …, "unmappedCharacters": …,
  "failedChunks": …, "tokens": …, "sentences": […]}`, one sentence a line.
- `jsonl`: only the sentences, one a line.
- `markdown`: the running text in paragraphs, with a marker where each page begins: `[p. 12]`.

Only `failedChunks` depends on the chunk size; nothing depends on the number of workers, the time or the machine. A gap
stands in place of missing pages: `{"text": "[page 61 missing: reason]", "pages": [61, 61], "gap": "reason"}`.
"""
