package standin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Allow presses Allow on the sign-in page at address, without a browser. It returns the address that a browser would
// then be sent to, and does not open it.
func Allow(ctx context.Context, address string) (landed string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(url.Values{"decision": {"allow"}}.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	if landed = response.Header.Get("Location"); landed == "" {
		err = fmt.Errorf("the answer does not redirect the browser: %s", response.Status)
	}
	_ = response.Body.Close() // nothing depends on it
	return landed, err
}
