"""A chunk's pages, asked of Gemini: what is asked, how it is paid for, and what of the answer is believed.

- `settings`: what the job's author asks for.
- `access`: whose key, which address, which Redis.
- `answer`: the words between the next two.
- `client`: one request, one classified answer; the only module that knows Google's SDK.
- `question`: the words and the schema that are sent.
- `checks`: whether an answer can be an answer about these pages.
- `buyer`: asks until there is an answer, and pays for it once.
- `asking`: a whole chunk, by halves where need be.
"""
