using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>An output column's name and that of the column it is made of.</summary>
public sealed class InputOutputColumnPair
{
    public InputOutputColumnPair(string outputColumnName, string inputColumnName = null)
    {
        OutputColumnName = Contracts.CheckNonEmpty(outputColumnName, nameof(outputColumnName));
        InputColumnName = inputColumnName ?? outputColumnName;
    }

    public string InputColumnName { get; }

    public string OutputColumnName { get; }

    internal static void Check(IExceptionContext context, InputOutputColumnPair[] columns)
    {
        context.CheckValue(columns, nameof(columns));
        context.CheckParam(columns.Length > 0 && columns.All(c => c is not null), nameof(columns), "There must be columns, and none may be null");
        context.CheckParam(
            columns.DistinctBy(c => c.OutputColumnName).Count() == columns.Length, nameof(columns), "An output column must be specified only once");
    }

    internal static void Write(BinaryWriter writer, InputOutputColumnPair[] columns)
    {
        writer.Write(columns.Length);
        foreach (InputOutputColumnPair column in columns)
        {
            writer.Write(column.OutputColumnName);
            writer.Write(column.InputColumnName);
        }
    }

    internal static InputOutputColumnPair[] Read(BinaryReader reader) =>
        ArrayFormat.Read(reader, _ => new InputOutputColumnPair(reader.ReadString(), reader.ReadString()));
}
