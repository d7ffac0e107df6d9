//go:build unix

package stories

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup gives the command its own process group, as a shell does.
func ownGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// signals are the signals that a terminal or a CI system sends to the command line and its providers at once.
var signals = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

// signalGroup sends a signal to the process group of leader.
func signalGroup(leader *os.Process, sent os.Signal) error {
	number, ok := sent.(syscall.Signal)
	if !ok {
		return fmt.Errorf("not a Unix signal: %v", sent)
	}
	return syscall.Kill(-leader.Pid, number)
}

// Signals that stop a process and wake it.
const stopSignal, wakeSignal = syscall.SIGSTOP, syscall.SIGCONT
