// Command serve runs the stand-in for GoTo's OAuth server, to try the provider by hand.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func main() {
	address := flag.String("addr", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
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
	// No redirect URI of its own: whoever names none lands on the stand-in's page too.
	server, err := standin.Start(standin.WithAddress(address), standin.WithRedirectURIs())
	if err != nil {
		return err
	}
	signIn := server.URL + "/oauth/authorize?" + url.Values{
		"client_id":     {standin.ClientID},
		"redirect_uri":  {server.LandingURI()},
		"response_type": {"code"},
	}.Encode()

	_, err = fmt.Fprintf(out, `This is a stand-in for GoTo's OAuth server. It is for trying things out: it signs
anybody in, keeps everything in memory and forgets it when it stops.

It listens on %[1]s

Paste this into the shell in which you run Terraform or OpenTofu:

export GOTO_AUTHENTICATION_URL='%[1]s'
export GOTO_API_URL='%[1]s'
export GOTO_CLIENT_ID='%[2]s'
export GOTO_CLIENT_SECRET='%[3]s'
export GOTO_REDIRECT_URI='%[4]s'

Then take one of these. A personal access token:

export GOTO_PERSONAL_ACCESS_TOKEN='%[5]s'

A refresh token:

export GOTO_REFRESH_TOKEN='%[6]s'

Or sign in with a browser at

%[7]s

Press Ctrl-C to stop it.
`, server.URL, standin.ClientID, standin.ClientSecret, server.LandingURI(),
		server.IssuePersonalAccessToken(), server.IssueRefreshToken(), signIn)
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, server.Close())
}
