package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// stub is a provider that consists of its schemas.
type stub struct {
	name        string
	attributes  map[string]schema.Attribute
	resources   []*storedResource
	dataSources []func() datasource.DataSource
	// configure returns the data for the data sources. It is nil if there are none.
	configure func(context.Context, *provider.ConfigureRequest, *provider.ConfigureResponse) api
}

// Metadata implements [provider.Provider].
func (s *stub) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = s.name
}

// Schema implements [provider.Provider].
func (s *stub) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: s.attributes}
}

// Configure implements [provider.Provider].
func (s *stub) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	if s.configure != nil {
		resp.DataSourceData = s.configure(ctx, &req, resp)
	}
}

// DataSources implements [provider.Provider].
func (s *stub) DataSources(context.Context) []func() datasource.DataSource { return s.dataSources }

// Resources implements [provider.Provider].
func (s *stub) Resources(context.Context) []func() resource.Resource {
	var constructors []func() resource.Resource
	for _, stored := range s.resources {
		constructors = append(constructors, func() resource.Resource { return stored })
	}
	return constructors
}
