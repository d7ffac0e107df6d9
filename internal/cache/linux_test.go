//go:build linux

package cache_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

func init() { roles["write after an intent"] = writeAfterAnIntent }

func TestIntentReservesSpaceForTheWrite(t *testing.T) {
	t.Parallel()

	command := process(t, "TestRole", "write after an intent", t.TempDir())
	// The process mounts in its own mount namespace, which users other than root may create in a user namespace.
	command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		command.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	run(t, command)
}

func writeAfterAnIntent(t *testing.T, disk string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=1m,mode=700"); err != nil {
		t.Skipf("mounting: %v", err)
	}
	directory := openDirectory(t, filepath.Join(disk, "cache"), cache.Options{})
	write := func(way string, size int) {
		t.Helper()
		claimed := claim(t, directory, key)
		must(t, errors.Join(writeAs(t.Context(), way, claimed, sealer, strings.Repeat("x", size)), claimed.End()))
		want(t, directory, key, sealer, strings.Repeat("x", size))
	}
	const overhead = 256 // more than an entry adds to its plaintext
	for intent, result := range map[int]int{1 << 10: 16<<10 - overhead, 20 << 10: 40<<10 - overhead} {
		write("intent", intent)
		fill(t, disk, 0)
		write("retained", result)
		wantWritesToFail(t, directory, ways, result, syscall.ENOSPC) // the reserved space is used up
		fill(t, disk, 16<<10)
		wantWritesToFail(t, directory, []string{"intent"}, 1, syscall.ENOSPC) // the disk has space for the reservation only
		fill(t, disk, 1<<19)
	}
}

// fill fills a disk except for leave bytes.
func fill(t *testing.T, disk string, leave uint64) {
	t.Helper()
	path := filepath.Join(disk, "fill")
	must(t, os.RemoveAll(path))
	var free syscall.Statfs_t
	must(t, syscall.Statfs(disk, &free))
	must(t, os.WriteFile(path, make([]byte, free.Bavail*uint64(free.Bsize)-leave), 0o600))
}
