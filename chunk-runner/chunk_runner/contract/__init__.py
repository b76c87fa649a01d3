"""Everything that the chunk runner, the operator and the command line agree on.

Standard library only, because the operator imports this package and nothing else of the chunk runner. Anything read
here may be hostile or torn (an annotation, an environment variable, a termination message): parsing is total and says
what is wrong.
"""
