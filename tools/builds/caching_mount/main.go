// Shows a folder at a second place as a node sees it over NFS: names that were missed, and attributes, are remembered.
//
//	caching-mount FOLDER MOUNTPOINT
//
// Everything remembered is forgotten on SIGUSR1, as if the time of the cache had passed. Contents are read afresh by
// whoever opens a file. Ends, and unmounts, on SIGTERM.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

type missing struct {
	folder *fs.Inode
	name   string
}

var (
	lock   sync.Mutex
	missed = map[missing]bool{}
)

type node struct {
	fs.LoopbackNode
}

func (n *node) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	found, errno := n.LoopbackNode.Lookup(ctx, name, out)
	if errno == syscall.ENOENT {
		lock.Lock()
		missed[missing{n.EmbeddedInode(), name}] = true
		lock.Unlock()
	}
	return found, errno
}

func (n *node) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	file, _, errno := n.LoopbackNode.Open(ctx, flags)
	return file, fuse.FOPEN_DIRECT_IO, errno
}

func newNode(root *fs.LoopbackRoot, _ *fs.Inode, _ string, _ *syscall.Stat_t) fs.InodeEmbedder {
	return &node{LoopbackNode: fs.LoopbackNode{RootData: root}}
}

func forget() {
	lock.Lock()
	entries := missed
	missed = map[missing]bool{}
	lock.Unlock()
	for entry := range entries {
		entry.folder.NotifyEntry(entry.name) // fails if the kernel has dropped it already
	}
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: caching-mount FOLDER MOUNTPOINT")
	}
	var status syscall.Stat_t
	if err := syscall.Stat(os.Args[1], &status); err != nil {
		log.Fatal(err)
	}
	root := &fs.LoopbackRoot{Path: os.Args[1], Dev: uint64(status.Dev), NewNode: newNode}
	hour := time.Hour
	server, err := fs.Mount(os.Args[2], newNode(root, nil, "", &status), &fs.Options{
		EntryTimeout:    &hour,
		AttrTimeout:     &hour,
		NegativeTimeout: &hour,
		MountOptions:    fuse.MountOptions{DirectMountStrict: true, Name: "caching-mount"},
	})
	if err != nil {
		log.Fatal(err)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGTERM)
	go func() {
		for received := range signals {
			if received == syscall.SIGTERM {
				syscall.Unmount(os.Args[2], syscall.MNT_DETACH)
				os.Exit(0)
			}
			forget()
		}
	}()
	server.Wait()
}
