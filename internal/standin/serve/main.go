// Command serve runs the stand-in for GoTo's OAuth server, for trying the provider by hand.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// guideRedirectURI is the redirect URI in README and the guides, so that their configurations work unchanged.
const guideRedirectURI = "http://localhost:8976/callback"

func main() {
	address := flag.String("addr", "127.0.0.1:0", "address to listen on; port 0 picks a free one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, *address)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until the context ends.
func run(ctx context.Context, out io.Writer, address string) error {
	// The default redirect URI is the stand-in's own page. The guides' redirect URI works too.
	server, err := standin.Start(standin.WithAddress(address), standin.WithRedirectURIs())
	if err != nil {
		return err
	}
	if err := server.RegisterRedirectURI(guideRedirectURI); err != nil {
		return errors.Join(err, server.Close())
	}
	_, err = fmt.Fprintf(out, `This is a stand-in for GoTo's OAuth server. It is for trying things out: it keeps
everything in memory and forgets it when it stops.

It listens on %s, where a page says what it is and how to use it.

Paste this into the shell in which you run Terraform or OpenTofu:

%s
Then use one of these. A personal access token:

export GOTO_PERSONAL_ACCESS_TOKEN='%s'

A refresh token:

export GOTO_REFRESH_TOKEN='%s'

Or sign in with a browser at

%s

Press Ctrl-C to stop it.
`, server.URL, server.Exports(), server.IssuePersonalAccessToken(), server.IssueRefreshToken(), server.AuthorizeURL())
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, server.Close())
}
