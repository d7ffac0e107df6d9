package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// childVariable is the environment variable that turns this test binary into a process that asks for one token.
const childVariable = "GOTO_ENGINE_TEST_REQUEST"

// TestMain lets this binary run as a separate process; see [runChild].
func TestMain(m *testing.M) {
	if text := os.Getenv(childVariable); text != "" {
		if err := runChild(text); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// childRequest is what a process asks for.
type childRequest struct {
	URL, Directory string
	RefreshToken   string
	Ahead          time.Duration // how far its clock is ahead of the real one
}

// runChild says "ready", waits for a line, asks for a token and says "done".
func runChild(text string) error {
	var asked childRequest
	if err := json.Unmarshal([]byte(text), &asked); err != nil {
		return err
	}
	now := func() time.Time { return time.Now().Add(asked.Ahead) }
	server, err := oauth.NewServer(asked.URL)
	if err != nil {
		return err
	}
	process := engine.Engine{
		Endpoint: &oauth.TokenEndpoint{Server: server, HTTP: httpclient.New(longTimeout), Now: now},
		Cache:    cache.New(cache.NewDirectory(asked.Directory, cache.Options{Now: now, ClaimTimeout: longTimeout})),
		Now:      now,
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	_, warnings, err := process.Token(ctx, with(oauth.RefreshToken, asked.RefreshToken))
	if err := withWarnings(warnings, err); err != nil {
		return err
	}
	fmt.Println("done")
	return nil
}

// child is a process with a request.
type child struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// start starts a process and returns it when it is ready.
func (w *world) start(asked childRequest) *child {
	w.Helper()
	asked.URL, asked.Directory = w.server.URL, w.directory
	text, err := json.Marshal(asked)
	must(w, err)
	binary, err := os.Executable()
	must(w, err)
	c := &child{command: exec.CommandContext(w.Context(), binary)}
	// The race detector otherwise delays the process's exit by a second.
	c.command.Env = append(os.Environ(), childVariable+"="+string(text), "GORACE=atexit_sleep_ms=0")
	if c.in, err = c.command.StdinPipe(); err != nil {
		w.Fatal(err)
	}
	out, err := c.command.StdoutPipe()
	must(w, err)
	c.out = bufio.NewReader(out)
	must(w, c.command.Start())
	if line, err := c.out.ReadString('\n'); line != "ready\n" {
		w.Fatalf("a process reported %q (error %v)", line, err)
	}
	return c
}

// release lets the process ask for its token.
func (c *child) release() error {
	_, err := io.WriteString(c.in, "\n")
	return err
}

// finish waits for the process to exit and returns its output and errors.
func (c *child) finish() string {
	output, err := io.ReadAll(c.out)
	if err = errors.Join(err, c.command.Wait()); err != nil {
		return fmt.Sprintf("%s%v", output, err)
	}
	return strings.TrimSpace(string(output))
}

// soak skips a test that needs many processes or much time unless "make soak" runs it.
func soak(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("make soak runs this")
	}
}
