//go:build !unix

package stories

import (
	"os"
	"os/exec"
	"syscall"
)

func ownGroup(*exec.Cmd) {}

var signals = []os.Signal{os.Interrupt}

func signalGroup(leader *os.Process, sent os.Signal) error { return leader.Signal(sent) }

// The stories that stop processes run only on Unix.
const stopSignal, wakeSignal = syscall.SIGTERM, syscall.SIGTERM
