//go:build unix

package stories

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup gives the command a process group, as a shell does.
func ownGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// interruptGroup is Ctrl-C: a terminal sends it to the command line and to its providers at once.
func interruptGroup(leader *os.Process) error { return syscall.Kill(-leader.Pid, syscall.SIGINT) }
