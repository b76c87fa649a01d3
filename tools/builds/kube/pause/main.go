// Command pause holds a pod's namespaces open: it is the first process of every pod and has nothing else to do.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A child that nobody waits for is inherited by this process where a pod shares its PID namespace; ignoring
	// SIGCHLD has the kernel collect it.
	signal.Ignore(syscall.SIGCHLD)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
}
