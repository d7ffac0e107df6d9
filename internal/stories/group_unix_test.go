//go:build unix

package stories

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup gives the command a process group, as a shell does.
func ownGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// signals are what a terminal and a CI system send to the command line and its providers at once.
var signals = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

// signalGroup sends one of them.
func signalGroup(leader *os.Process, sent os.Signal) error {
	number, ok := sent.(syscall.Signal)
	if !ok {
		return fmt.Errorf("%v is no signal", sent)
	}
	return syscall.Kill(-leader.Pid, number)
}

// What stops a process, and wakes it.
const stopSignal, wakeSignal = syscall.SIGSTOP, syscall.SIGCONT
