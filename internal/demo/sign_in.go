package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin/chromium"
)

// signIn does what a person does with the authorize URL: opens it, presses Allow, and copies the address
// that the browser lands on.
func signIn(ctx context.Context, address string) (landed string, err error) {
	if path, found := chromium.Find(); found {
		say("The demo does that in %s, headless.", path)
		seen, err := chromium.Visit{Address: address, Press: "allow"}.Run(ctx)
		if err == nil || ctx.Err() != nil {
			return seen.URL, err
		}
		say("It does not work: %s", strings.TrimSpace(err.Error()))
	}
	say("Without a browser, the demo sends what one would send.")
	return postAllow(ctx, address)
}

// postAllow presses Allow without a browser. The page that it leads to need not exist, so it is not opened.
func postAllow(ctx context.Context, address string) (landed string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(url.Values{"decision": {"allow"}}.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	return response.Header.Get("Location"), response.Body.Close()
}
