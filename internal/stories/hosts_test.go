package stories

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// startHosts is the command "hosts NAME...". For each name, it starts a machine with its own network and host name and
// sets the variable of that name to the ID of a process there, for nsenter. Each machine reaches only the stand-in and
// the store, on loopback addresses, which allow HTTP without TLS.
func startHosts(ts *testscript.TestScript, w *world, args []string) {
	arguments := []string{"--net", "--uts", "host", "", w.tmp}
	for _, address := range []string{w.standin.URL, w.store.Endpoint} {
		parsed, err := url.Parse(address)
		ts.Check(err)
		// Unix sockets are shared between network namespaces.
		listener, err := (&net.ListenConfig{}).Listen(context.Background(), "unix", filepath.Join(w.tmp, parsed.Port()))
		ts.Check(err)
		ts.Defer(func() { _ = listener.Close() })
		go relay(listener, "tcp", parsed.Host)
		arguments = append(arguments, parsed.Port())
	}
	for _, name := range args {
		arguments[3] = name
		host := exec.CommandContext(context.Background(), "unshare", arguments...)
		host.Stderr = os.Stderr
		input, err := host.StdinPipe() // the host ends when its input ends, even if this process is killed
		ts.Check(err)
		output, err := host.StdoutPipe()
		ts.Check(err)
		ts.Check(host.Start())
		ts.Defer(func() {
			_ = input.Close()
			_ = host.Wait()
		})
		if _, err := bufio.NewReader(output).ReadString('\n'); err != nil {
			ts.Fatalf("host %s does not start: %v", name, err)
		}
		ts.Setenv(name, fmt.Sprint(host.Process.Pid))
	}
}

// runHost is the program "host NAME DIRECTORY PORT...". It sets up a machine in new namespaces.
func runHost() {
	name, directory, ports := os.Args[1], os.Args[2], os.Args[3:]
	for _, command := range [][]string{{"hostname", name}, {"ip", "link", "set", "lo", "up"}} {
		if output, err := exec.CommandContext(context.Background(), command[0], command[1:]...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%q: %v\n%s", command, err, output)
			os.Exit(1)
		}
	}
	for _, port := range ports {
		listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go relay(listener, "unix", filepath.Join(directory, port))
	}
	fmt.Println("up")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// relay forwards connections from listener until it is closed.
func relay(listener net.Listener, network, address string) {
	pass := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_ = to.Close()
	}
	for {
		from, err := listener.Accept()
		if err != nil {
			return
		}
		to, err := (&net.Dialer{}).DialContext(context.Background(), network, address)
		if err != nil {
			_ = from.Close()
			continue
		}
		go pass(to, from)
		go pass(from, to)
	}
}

// canHost reports whether the command hosts works for this user on this system, by trying it.
func canHost() bool {
	return exec.CommandContext(context.Background(), "unshare", "--net", "--uts", "ip", "link", "set", "lo", "up").Run() == nil
}
