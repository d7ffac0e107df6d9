//go:build !unix

package stories

import (
	"os"
	"os/exec"
)

func ownGroup(*exec.Cmd) {}

var signals = []os.Signal{os.Interrupt}

func signalGroup(leader *os.Process, sent os.Signal) error { return leader.Signal(sent) }
