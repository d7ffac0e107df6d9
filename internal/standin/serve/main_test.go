package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var export = regexp.MustCompile(`^export (GOTO_[A-Z_]+)='([^']*)'$`)

func TestPrintedCredentialsWork(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	read, written := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, written, "127.0.0.1:0") }()

	environment := map[string]string{}
	lines := bufio.NewScanner(read)
	for lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C") {
		if parts := export.FindStringSubmatch(lines.Text()); parts != nil {
			environment[parts[1]] = parts[2]
		}
	}
	if len(environment) != 7 {
		t.Fatalf("%d variables: %v, %v", len(environment), environment, lines.Err())
	}

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, form := range []url.Values{
		{"grant_type": {"refresh_token"}, "refresh_token": {environment["GOTO_REFRESH_TOKEN"]}},
		{"grant_type": {"personal_access_token"}, "pat": {environment["GOTO_PERSONAL_ACCESS_TOKEN"]}},
	} {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost,
			environment["GOTO_AUTHENTICATION_URL"]+"/oauth/token", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.SetBasicAuth(environment["GOTO_CLIENT_ID"], environment["GOTO_CLIENT_SECRET"])
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%s: %d, %v", form.Get("grant_type"), response.StatusCode, err)
		}
	}

	response, err := client.Get(environment["GOTO_AUTHENTICATION_URL"] + "/oauth/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {environment["GOTO_CLIENT_ID"]}, "redirect_uri": {guideRedirectURI},
	}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("sign-in from the guides: status %d, %v", response.StatusCode, err)
	}

	stop()
	if err := <-ended; err != nil {
		t.Errorf("stand-in did not exit cleanly: %v", err)
	}
}
