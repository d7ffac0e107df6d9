//go:build unix

package cache

import (
	"fmt"
	"os"
	"syscall"
)

// checkOwner returns the owner of a file, and reports whether it is this user.
func checkOwner(info os.FileInfo) (owner string, ours bool) {
	stat, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return "unknown", false
	}
	return fmt.Sprintf("uid %d", stat.Uid), int(stat.Uid) == os.Geteuid()
}

// accessOfOthers returns the permissions that a file gives to users other than its owner.
func accessOfOthers(info os.FileInfo) os.FileMode { return info.Mode().Perm() & 0o077 }
