using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>What an estimator's columns do to a shape.</summary>
internal static class ShapeChange
{
    /// <summary>The shape with columns added, or put in the place of those with the same name.</summary>
    public static SchemaShape Apply(SchemaShape input, IEnumerable<SchemaShape.Column> added)
    {
        List<SchemaShape.Column> columns = [.. input];
        foreach (SchemaShape.Column column in added)
        {
            int present = columns.FindIndex(c => c.Name == column.Name);
            if (present < 0)
                columns.Add(column);
            else
                columns[present] = column;
        }

        return new SchemaShape(columns);
    }

    public static SchemaShape.Column Input(IExceptionContext context, SchemaShape shape, string name)
        => shape.TryFindColumn(name, out SchemaShape.Column column) ? column : throw context.ExceptSchemaMismatch("inputSchema", "input", name);

    public static SchemaShape.Column Input(IExceptionContext context, SchemaShape shape, string name, Func<SchemaShape.Column, bool> fits, string expected)
    {
        SchemaShape.Column column = Input(context, shape, name);
        return fits(column) ? column : throw context.ExceptSchemaMismatch("inputSchema", "input", name, expected, column.GetTypeString());
    }
}
