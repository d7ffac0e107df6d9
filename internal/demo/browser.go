package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// allow does what a person does with the authorize URL: opens it in a browser, presses Allow and
// copies the address the browser is sent to. The page there need not exist, so it is not opened.
func allow(ctx context.Context, authorizeURL string) (landed string, err error) {
	browser := &http.Client{
		Transport:     &http.Transport{},
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer browser.CloseIdleConnections()

	status, _, err := send(ctx, browser, http.MethodGet, authorizeURL, nil)
	if err != nil {
		return "", err
	}
	if status != http.StatusOK {
		return "", fmt.Errorf("the sign-in page was answered with status %d", status)
	}
	status, landed, err = send(ctx, browser, http.MethodPost, authorizeURL, url.Values{"decision": {"allow"}})
	if err != nil {
		return "", err
	}
	if status != http.StatusFound || !strings.Contains(landed, "code=") {
		return "", fmt.Errorf("pressing Allow was answered with status %d and leads to %q", status, landed)
	}
	return landed, nil
}

// send sends a form, or nothing, and returns the status of the answer and where it redirects to.
func send(ctx context.Context, browser *http.Client, method, address string, form url.Values) (status int, location string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := browser.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode, response.Header.Get("Location"), nil
}
