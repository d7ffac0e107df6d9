package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func newRestful() provider.Provider {
	return newRest("restful", "base_url", schema.StringAttribute{Required: true}, "header",
		func() datasource.DataSource { return &restfulResource{} })
}

func newRestapi() provider.Provider {
	return newRest("restapi", "uri", schema.StringAttribute{Optional: true}, "headers",
		func() datasource.DataSource { return &restapiObject{} })
}

// newRest returns a provider with an argument for the base URL and one for headers. address and headers are their
// names.
func newRest(
	name, address string, addressSchema schema.StringAttribute, headers string, dataSource func() datasource.DataSource,
) provider.Provider {
	return &stub{
		name: name,
		attributes: map[string]schema.Attribute{
			address: addressSchema,
			headers: schema.MapAttribute{ElementType: types.StringType, Optional: true},
		},
		dataSources: []func() datasource.DataSource{dataSource},
		configure: func(ctx context.Context, req *provider.ConfigureRequest, resp *provider.ConfigureResponse) (a api) {
			resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(address), &a.address)...)
			resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(headers), &a.headers)...)
			return a
		},
	}
}

// newClient returns a client with its own transport.
func newClient() *http.Client { return &http.Client{Transport: &http.Transport{}} }

// api is an API: its base URL, and the headers to send.
type api struct {
	address string
	headers map[string]string
}

// get decodes the reply into result. Numbers keep the form in which they were sent.
func (a api) get(ctx context.Context, at string, query url.Values, result any) error {
	address := a.address + at
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	for name, value := range a.headers {
		request.Header.Set(name, value)
	}
	response, err := newClient().Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // already read
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(response.Body) // as much as there is
		return fmt.Errorf("GET %s: %s: %s", at, response.Status, body)
	}
	decoder := json.NewDecoder(response.Body)
	decoder.UseNumber()
	return decoder.Decode(result)
}
