"""Child processes for code that handles untrusted input: with limited resources, without secrets, network and files.

Knows processes and the kernel, nothing of PDF or schemas.

- `sandbox`: the parent's side: requests, answers, and how a child died.
- `template`: the process from which children are forked, a copy of this one from before it read any secret.
- `child`: the child's side.
- `channel`: how both talk, with deadlines.
- `messages`: what a child may say, as data that cannot make its parent run anything.
- `limits`: memory, processor time, file size.
- `confinement`: everything that a child gives up before it sees untrusted input; `landlock` for files, `seccomp` for
  network, processes and signals.
"""
