//go:build unix

package cache

import (
	"fmt"
	"os"
	"syscall"
)

// checkOwner tells whether this user owns a file, and who does.
func checkOwner(info os.FileInfo) (owner string, ours bool) {
	stat, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return "unknown", false
	}
	return fmt.Sprintf("uid %d", stat.Uid), int(stat.Uid) == os.Geteuid()
}

// accessOfOthers returns the permissions that a file gives to anybody but its owner.
func accessOfOthers(info os.FileInfo) os.FileMode { return info.Mode().Perm() & 0o077 }
