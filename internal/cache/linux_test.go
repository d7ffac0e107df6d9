package cache_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

func init() { roles["write after an intent"] = writeAfterAnIntent }

// Pruning can remove a lock file after somebody has opened it and before he locks it, which a lease keeps him from.
func TestLockFileThatWasRemovedIsNoLock(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	lock := directory.Locate(key.String() + ".lock")
	opening := make(chan os.Signal, 2)
	signal.Notify(opening, syscall.SIGIO)
	defer signal.Stop(opening)
	for _, madeAgain := range []bool{false, true} {
		file, err := os.OpenFile(lock, os.O_CREATE|os.O_RDWR, 0o600)
		must(t, err)
		lease := func(kind uintptr) syscall.Errno {
			_, _, failure := syscall.Syscall(syscall.SYS_FCNTL, file.Fd(), syscall.F_SETLEASE, kind)
			return failure
		}
		if failure := lease(syscall.F_WRLCK); failure != 0 {
			t.Skipf("no lease: %v", failure)
		}
		waiting, result := waiter(t.Context(), t, path)
		<-opening
		must(t, os.Remove(lock))
		var holder *cache.Claim
		if madeAgain {
			holder = claim(t, directory, key)
		}
		lease(syscall.F_UNLCK)
		must(t, file.Close())
		if madeAgain {
			wantWaiting(t, waiting, result)
			must(t, holder.End())
		}
		must(t, <-result)
		if _, err := os.Stat(lock); err != nil {
			t.Errorf("a lock was taken that nobody else finds: %v", err)
		}
	}
}

func TestWriteAfterAnIntentFindsRoomOnAFullDisk(t *testing.T) {
	t.Parallel()

	command := process(t, "write after an intent", t.TempDir())
	// In a mount namespace of its own, which a user may have in a user namespace.
	command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		command.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	run(t, command)
}

func writeAfterAnIntent(disk string) error {
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=1m,mode=700"); err != nil {
		fmt.Println("mounting:", err)
		os.Exit(exitCannot)
	}
	path := filepath.Join(disk, "cache")
	storage, err := cache.OpenDirectory(path, cache.DirectoryOptions{})
	if err != nil {
		return err
	}
	write := func(way string, size int) error {
		ctx, plaintext := context.Background(), strings.Repeat("x", size)
		claimed, err := cache.New(storage).Claim(ctx, key)
		if err != nil {
			return err
		}
		err = errors.Join(writeAs(ctx, way, claimed, sealer, plaintext), claimed.End())
		if got, readErr := cache.New(storage).Read(ctx, key, sealer); err != nil || string(got) != plaintext {
			return fmt.Errorf("%s of %d bytes: %w; read %d, %w", way, size, err, len(got), readErr)
		}
		return nil
	}
	const overhead = 256 // more than what stands around a plaintext
	for intent, result := range map[int]int{1 << 10: 16<<10 - overhead, 20 << 10: 40<<10 - overhead} {
		if err := errors.Join(
			write("intent", intent), fill(disk, 0), write("lasting", result),
			writesFail(path, ways, result, syscall.ENOSPC), // for the room is used up
			fill(disk, 16<<10), writesFail(path, []string{"intent"}, 1, syscall.ENOSPC), // for there is no more than the room
			fill(disk, 1<<19)); err != nil {
			return err
		}
	}
	return nil
}

// fill fills a disk up but for some bytes.
func fill(disk string, leave uint64) error {
	path := filepath.Join(disk, "fill")
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	var free syscall.Statfs_t
	if err := syscall.Statfs(disk, &free); err != nil {
		return err
	}
	return os.WriteFile(path, make([]byte, free.Bavail*uint64(free.Bsize)-leave), 0o600)
}
