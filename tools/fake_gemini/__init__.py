"""A server that plays the Gemini Developer API: strict where the real one is, useful by default, and faulty on demand.

It answers `POST /v1/models/MODEL:generateContent` (v1beta likewise) out of the PDF or the text that it is sent.
`PUT /_fake/plan` tells it how to behave, `GET /_fake/log` what it was asked, as soon as there are `?least=` so many
requests. It needs pypdfium2 and nothing of the
project, so that it also runs in a pod: `python3 -m tools.fake_gemini --host 0.0.0.0 --port 8080`.
"""
