//go:build !unix

package stories

import (
	"os"
	"os/exec"
)

func ownGroup(*exec.Cmd) {}

func interruptGroup(leader *os.Process) error { return leader.Signal(os.Interrupt) }
