"""The extraction of a chunk's pages by Gemini.

- `settings`: the settings of the job's author.
- `credentials`: the API key, the address of the API, the Redis.
- `messages`: requests and classified responses.
- `prompt`: the text and the schema that are sent.
- `client`: one request, one classified response; the only module that imports Google's SDK.
- `error_classification`: what an error of the API means.
- `answers`: whether an answer can be about the pages that were sent.
- `page_text`: the text layer of pages, which answers are compared with.
- `repetition`: whether a request is repeated, and what a fault may cost.
- `service_state`: whether the service answers.
- `executor`: repeats a request until there is a valid answer, and pays for it once.
- `chunk_requests`: the requests about pages of a chunk.
- `extraction`: a whole chunk, in smaller parts where necessary.
- `processor`: the processor `gemini`.
"""
