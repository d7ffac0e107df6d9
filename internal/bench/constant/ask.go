package constant

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// AskVariable is the environment variable that names a token endpoint. With it the provider does what
// a REST provider or an http data source does: it sends a token request at every opening.
const AskVariable = "GOTO_BENCH_ASK"

// asking is the client of all openings, which keeps its connections.
var asking = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 10}}

// ask trades the personal access token in the environment.
func ask(ctx context.Context, endpoint string) error {
	form := url.Values{"grant_type": {"personal_access_token"}, "pat": {os.Getenv("GOTO_PERSONAL_ACCESS_TOKEN")}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(os.Getenv("GOTO_CLIENT_ID"), os.Getenv("GOTO_CLIENT_SECRET"))
	response, err := asking.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body) // or the connection could not be used again
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("POST %s: %s", endpoint, response.Status)
	}
	return nil
}
