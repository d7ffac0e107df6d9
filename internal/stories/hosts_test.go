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

// startHosts is the command "hosts NAME...": for each name there is a machine with a network and a host name of its own
// from here on, and the variable called so has the ID of a process there, for nsenter. On loopback, where it may speak
// without TLS, each reaches the stand-in and the store, and nothing else.
func startHosts(ts *testscript.TestScript, w *world, args []string) {
	arguments := []string{"--net", "--uts", "host", "", w.tmp}
	for _, address := range []string{w.standin.URL, w.store.Endpoint} {
		parsed, err := url.Parse(address)
		ts.Check(err)
		// Namespaces of networks share sockets that are files.
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
		input, err := host.StdinPipe() // its end is the host's, also if this process is killed
		ts.Check(err)
		output, err := host.StdoutPipe()
		ts.Check(err)
		ts.Check(host.Start())
		ts.Defer(func() {
			_ = input.Close()
			_ = host.Wait()
		})
		if _, err := bufio.NewReader(output).ReadString('\n'); err != nil {
			ts.Fatalf("the host %s does not come up: %v", name, err)
		}
		ts.Setenv(name, fmt.Sprint(host.Process.Pid))
	}
}

// runHost is the program host NAME DIRECTORY PORT..., which is what makes namespaces a machine.
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

// relay passes on what comes to listener, until that is closed.
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

// canHost tells whether this user and this system let hosts work, by trying it.
func canHost() bool {
	return exec.CommandContext(context.Background(), "unshare", "--net", "--uts", "ip", "link", "set", "lo", "up").Run() == nil
}
