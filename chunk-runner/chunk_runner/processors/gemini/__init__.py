"""The extraction of a chunk's pages by Gemini.

- `processor`: the processor `gemini`.
- `settings`: the settings of the job's author.
- `extraction`: a whole chunk, in smaller parts where necessary.
- `chunk_requests`: the requests about pages of a chunk.
- `prompt`: the text and the schema that are sent.
- `page_text`: the text layer of pages, which answers are compared with.
- `answers`: whether an answer can be about the pages that were sent.
- `execution`: repeats a request until there is a valid answer, and pays for it once.
- `api`: sends one request, and classifies the response.
"""
