//go:build !unix

package cache

import "os"

// checkOwner accepts any owner. On Windows, a directory inherits its permissions from its parent, so directories in a
// user's profile are private, and os.FileMode doesn't show permissions.
func checkOwner(os.FileInfo) (owner string, ours bool) { return "", true }

// accessOfOthers returns none, for the same reason.
func accessOfOthers(os.FileInfo) os.FileMode { return 0 }
