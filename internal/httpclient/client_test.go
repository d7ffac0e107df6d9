package httpclient_test

import (
	"crypto/tls"
	"net/http"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
)

func TestNewSharesNothingWithDefaults(t *testing.T) {
	t.Parallel()

	client := httpclient.New(time.Minute)
	if client.Timeout != time.Minute || client.Jar != nil || client.Transport == nil ||
		client.Transport == httpclient.New(time.Minute).Transport {
		t.Errorf("got %+v", client)
	}
	if transport, ok := client.Transport.(*http.Transport); !ok || transport.TLSClientConfig.MinVersion < tls.VersionTLS12 || transport.TLSClientConfig.InsecureSkipVerify {
		t.Errorf("got transport %+v", client.Transport)
	}
}
