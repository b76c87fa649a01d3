"""The extraction of a chunk's pages by Gemini.

- `settings`: the settings of the job's author.
- `credentials`: the API key, the address of the API, the Redis.
- `messages`: requests and classified responses.
- `prompt`: the text and the schema that are sent.
- `client`: one request, one classified response; the only module that imports Google's SDK.
- `validation`: whether a response can be about the pages that were sent.
- `page_text`: the text layer of pages, which responses are compared with.
- `executor`: repeats a request until there is a valid answer, and pays for it once.
- `extraction`: a whole chunk, by halves where necessary.
- `processor`: the processor `gemini`.
"""
