package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"
)

// program is a process that listens on a loopback port.
type program struct {
	port      string
	directory string
	command   *exec.Cmd
	input     io.Closer // closing it ends the program
	output    *output
	ended     chan struct{} // closed when it has ended
}

// runUntilInputEnds runs a program until standard input ends. Standard input ends even if the test process is killed,
// so no program is left running.
const runUntilInputEnds = `"$@" & exec >/dev/null 2>&1; cat; kill $!`

// start runs path with a free port. If another program takes the port first, start tries another one.
func start(path string, arguments func(port, directory string) []string) (*program, error) {
	var failures []error
	for range 3 {
		started, err := startOnce(path, arguments)
		if err == nil {
			return started, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

func startOnce(path string, arguments func(port, directory string) []string) (_ *program, err error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	directory, err := os.MkdirTemp("", "store")
	if err != nil {
		return nil, err
	}
	started := &program{port: port, directory: directory, output: &output{}, ended: make(chan struct{})}
	started.command = exec.CommandContext(context.Background(), "sh", append([]string{"-c", runUntilInputEnds, "sh", path}, arguments(port, directory)...)...)
	started.command.Dir = directory
	started.command.Env = append(os.Environ(),
		"ROOT_ACCESS_KEY="+accessKey, "ROOT_SECRET_KEY="+secretKey, // versitygw
		"AZURITE_ACCOUNTS="+account+":"+accountKey,
		"TZ=UTC", // fake-gcs-server calls its local time GMT
	)
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	started.command.Stdout, started.command.Stderr = writer, writer
	if started.input, err = started.command.StdinPipe(); err != nil {
		return nil, err
	}
	if err := errors.Join(started.command.Start(), writer.Close()); err != nil {
		return nil, errors.Join(err, reader.Close(), os.RemoveAll(directory))
	}
	go func() {
		defer close(started.ended)
		_, _ = io.Copy(started.output, reader) // ends with the program
		_ = reader.Close()
	}()
	if err := started.awaitListening(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w; it printed: %s", err, started.output), started.stop())
	}
	return started, nil
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, errors.Join(err, listener.Close())
}

// awaitListening connects until the program accepts, because versitygw does not say when it is ready.
func (p *program) awaitListening() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", p.port))
		if err == nil {
			return connection.Close()
		}
		select {
		case <-ticker.C:
		case <-p.ended:
			return errors.New("it has ended")
		case <-ctx.Done():
			return fmt.Errorf("it does not listen: %w", err)
		}
	}
}

func (p *program) stop() error {
	err := p.input.Close()
	if waited := p.command.Wait(); waited != nil && !errors.As(waited, new(*exec.ExitError)) {
		err = errors.Join(err, waited)
	}
	<-p.ended
	return errors.Join(err, os.RemoveAll(p.directory))
}

// output keeps the beginning of what a program prints.
type output struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (o *output) Write(text []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.text.Len() < 16<<10 {
		_, _ = o.text.Write(text)
	}
	return len(text), nil
}

func (o *output) String() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.text.String()
}
