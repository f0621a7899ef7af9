using System.Reflection;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.FeatureMining.MlNet.Columns;

/// <summary>
/// Opens cursors over rows that other transforms compute. ML.NET runs these transforms on several threads and wraps their exceptions; these cursors throw the
/// cause, with the row and, if it is known, the file.
/// </summary>
internal static class InputRows
{
    private const string ConsolidatorMessage = "Splitter/consolidator";

    public static DataViewRowCursor Open(IDataView view, IEnumerable<DataViewSchema.Column> columns, Random? rand = null)
    {
        DataViewSchema.Column[] active = [.. columns];
        return new InputCursor(view.GetRowCursor(active, rand), cause => Locate(view, active, cause));
    }

    /// <summary>The exception without those that ML.NET, threads and reflection wrap around it.</summary>
    public static Exception Cause(Exception e) =>
        e.InnerException is { } inner
        && (
            e is AggregateException or TargetInvocationException
            || (e is InvalidOperationException && (inner is TargetInvocationException || e.Message.StartsWith(ConsolidatorMessage, StringComparison.Ordinal)))
        )
            ? Cause(inner)
            : e;

    // A cursor that reads ahead on several threads does not say which row failed, so the rows are read again, one after the other.
    private static Exception Locate(IDataView view, DataViewSchema.Column[] active, Exception cause)
    {
        try
        {
            IEnumerable<DataViewSchema.Column> columns = view.Schema.GetColumnOrNull(ImageColumn.PathColumnName) is { } path ? active.Append(path) : active;
            using DataViewRowCursor cursor = new InputCursor(view.GetRowCursorSet(columns, 1)[0], found => found);
            ColumnBuffer[] values = [.. active.Select(column => ColumnBuffer.Create(cursor, cursor.Schema[column.Index], capacity: 1))];
            while (cursor.MoveNext())
            {
                Array.ForEach(values, value => value.Keep(0));
            }
        }
        catch (Exception e) when (e is InputException or ImageDecodeException)
        {
            return e;
        }
        // The first error is the one to report.
        catch (Exception) { }

        return new InputException($"The rows of the input cannot be read: {cause.Message}", cause);
    }
}

/// <summary>A transform that computes the input failed.</summary>
internal sealed class InputException(string message, Exception cause) : InvalidOperationException(message, cause);

/// <summary>A cursor whose errors have the row.</summary>
/// <param name="input">The cursor of the transforms.</param>
/// <param name="locate">Finds the row of an error that <paramref name="input"/> reports without it, and describes it.</param>
internal sealed class InputCursor(DataViewRowCursor input, Func<Exception, Exception> locate) : DataViewRowCursor
{
    public override DataViewSchema Schema => input.Schema;

    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override bool IsColumnActive(DataViewSchema.Column column) => input.IsColumnActive(column);

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override bool MoveNext()
    {
        try
        {
            return input.MoveNext();
        }
        catch (Exception e) when (InputRows.Cause(e) is { } cause && cause != e)
        {
            throw IsDescribed(cause) ? cause : locate(cause);
        }
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        ValueGetter<TValue> getter = input.GetGetter<TValue>(column);
        return (ref TValue value) =>
        {
            try
            {
                getter(ref value);
            }
            catch (Exception e) when (!IsDescribed(e))
            {
                throw InputRows.Cause(e) is var cause && IsDescribed(cause) ? cause : Describe(column, cause);
            }
        };
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            input.Dispose();
        }

        base.Dispose(disposing);
    }

    private static bool IsDescribed(Exception e) => e is InputException or ImageDecodeException or OperationCanceledException;

    private Exception Describe(DataViewSchema.Column column, Exception cause)
    {
        string where = FormattableString.Invariant($"column '{column.Name}', row {input.Position}{(File() is { } file ? $", file '{file}'" : "")}");
        return column.Type is ImageDataViewType || (column.Type as VectorDataViewType)?.ItemType == NumberDataViewType.Byte
            ? new ImageDecodeException(
                $"The image of {where}, cannot be read: {cause.Message.TrimEnd('.')}. OnUnreadableImage does not apply, because the transform that loads the "
                    + "column failed. To skip such images, use paths: ImageColumnName = \"ImagePath\".",
                cause
            )
            : new InputException($"The value of {where}, cannot be read: {cause.Message}", cause);
    }

    private string? File()
    {
        if (input.Schema.GetColumnOrNull(ImageColumn.PathColumnName) is not { Type: TextDataViewType } path || !input.IsColumnActive(path))
        {
            return null;
        }

        ReadOnlyMemory<char> file = default;
        input.GetGetter<ReadOnlyMemory<char>>(path)(ref file);
        return file.ToString();
    }
}
