"""The contract between the chunk runner, the operator and the command line.

Standard library only: the operator imports this package, and nothing else of the chunk runner. Text that is read here
may be malformed or hostile (annotations, environment variables, termination messages), so parsers validate everything
and raise, or return, nothing but what they document.
"""
