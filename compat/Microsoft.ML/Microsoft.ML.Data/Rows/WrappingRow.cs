namespace Microsoft.ML.Data;

/// <summary>A row that follows another one and owns it.</summary>
internal abstract class WrappingRow : DataViewRow
{
    protected WrappingRow(DataViewRow input) => Input = input;

    public override long Position => Input.Position;

    public override long Batch => Input.Batch;

    protected DataViewRow Input { get; }

    public override ValueGetter<DataViewRowId> GetIdGetter() => Input.GetIdGetter();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Input.Dispose();
        base.Dispose(disposing);
    }
}
