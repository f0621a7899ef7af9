using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Scoring;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>How the cursor of Transform reads batches, with a scorer of the test's own.</summary>
public sealed class ScoringCursorTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private int _read;
    private int _decoded;

    [Theory]
    [InlineData(64, 224, 64)]
    [InlineData(int.MaxValue, 1, 65_536)]
    [InlineData(64, 4_000, 5)]
    [InlineData(64, 9_000, 1)]
    public void RowsPerBatch_AnySize_FitIntoAnArray(int batchSize, int side, int rows)
    {
        ImageShape shape = new(3, side, side);

        int actual = new ScoringSettings { BatchSize = batchSize }.RowsPerBatch(shape);

        Assert.Equal(rows, actual);
        Assert.True((long)actual * shape.Length * sizeof(float) <= Array.MaxLength);
    }

    [Fact]
    public void Score_OfABatch_RunsWhileTheNextIsDecoded()
    {
        using ManualResetEventSlim secondDecoded = new();
        FakeColumns columns = Columns(
            10,
            decode: () =>
            {
                if (Interlocked.Increment(ref _decoded) == 2)
                {
                    secondDecoded.Set();
                }
            },
            // Would wait for ever if decoding waited for it.
            score: () => Assert.True(secondDecoded.Wait(Patience))
        );

        Assert.Equal(Enumerable.Range(0, 10), Scores(columns, batchSize: 4));
        Assert.Equal(3, _decoded);
    }

    [Fact]
    public void Dispose_WaitsForTheImagesThatAreBeingDecoded()
    {
        using ManualResetEventSlim began = new();
        bool ended = false;
        FakeColumns columns = Columns(
            10,
            decode: () =>
            {
                if (Interlocked.Increment(ref _decoded) == 2)
                {
                    began.Set();
                    Thread.Sleep(100);
                    ended = true;
                }
            }
        );
        using (DataViewRowCursor cursor = Open(columns, 4, columns.Output))
        {
            int value = 0;
            Assert.True(cursor.MoveNext());
            cursor.GetGetter<int>(columns.Output[^1])(ref value);
            Assert.True(began.Wait(Patience));
        }

        Assert.True(ended);
    }

    [Fact]
    public void Score_BatchesOfAnySize_NeedBoundedMemory() =>
        Assert.Equal(Enumerable.Range(0, 10), Scores(Columns(10), new ScoringSettings { BatchSize = int.MaxValue }.RowsPerBatch(new ImageShape(3, 8, 8))));

    [Fact]
    public void Score_BeforeTheFirstRow_ThrowsAndReadsNothing()
    {
        FakeColumns columns = Columns(10);
        using DataViewRowCursor cursor = Open(columns, 4, columns.Output);
        ValueGetter<int> score = cursor.GetGetter<int>(columns.Output[^1]);
        int value = 0;

        Assert.Throws<InvalidOperationException>(() => score(ref value));
        Assert.Equal(0, _read);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 8)]
    public void Score_ReadsOneBatchAhead_ButNotWithBatchesOfOneRow(int batchSize, int read)
    {
        FakeColumns columns = Columns(10);
        using DataViewRowCursor cursor = Open(columns, batchSize, columns.Output);
        ValueGetter<int> score = cursor.GetGetter<int>(columns.Output[^1]);
        int value = 0;

        Assert.True(cursor.MoveNext());
        score(ref value);

        Assert.Equal(read, _read);
    }

    [Fact]
    public void RowsWithoutScores_AreReadOneByOneAndNotDecoded()
    {
        FakeColumns columns = Columns(10, decode: () => Assert.Fail("decoded"));
        using DataViewRowCursor cursor = Open(columns, 4, columns.Input);

        Assert.True(cursor.MoveNext());
        Assert.Equal(1, _read);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(6)]
    public void AnErrorOfARow_IsThrownAfterTheRowsBeforeIt(int failing)
    {
        FakeColumns columns = Columns(10, failing: failing);
        using DataViewRowCursor cursor = Open(columns, 4, columns.Output);
        ValueGetter<int> score = cursor.GetGetter<int>(columns.Output[^1]);
        for (int row = 0; row < failing; row++)
        {
            Assert.True(cursor.MoveNext());
            int value = -1;
            score(ref value);
            Assert.Equal(row, value);
        }

        Assert.Equal("row", Assert.Throws<InvalidDataException>(() => cursor.MoveNext()).Message);
        Assert.Equal(-1, cursor.Position);
        Assert.Throws<InvalidDataException>(() => cursor.MoveNext());
    }

    private List<int> Scores(FakeColumns columns, int batchSize)
    {
        using DataViewRowCursor cursor = Open(columns, batchSize, columns.Output);
        ValueGetter<int> score = cursor.GetGetter<int>(columns.Output[^1]);
        List<int> scores = [];
        while (cursor.MoveNext())
        {
            int value = 0;
            score(ref value);
            scores.Add(value);
        }

        return scores;
    }

    private DataViewRowCursor Open(FakeColumns columns, int batchSize, IEnumerable<DataViewSchema.Column> needed) =>
        new ScoringCursor(InputRows.Open(columns.Rows, [columns.Rows.Schema["Path"]]), columns, [.. needed], batchSize);

    private FakeColumns Columns(int count, Action? decode = null, Action? score = null, int failing = -1)
    {
        IDataView rows = new MLContext().Data.LoadFromEnumerable(Rows());
        DataViewSchema.Builder output = new();
        output.AddColumns(rows.Schema);
        output.AddColumn("Number", NumberDataViewType.Int32);
        ImageColumn image = ImageColumn.Bind(rows.Schema, "Path", new ImagePreprocessing { Shape = new ImageShape(3, 8, 8) }, 100);
        return new FakeColumns(rows, output.ToSchema(), image, decode, score);

        IEnumerable<PathRow> Rows()
        {
            for (int i = 0; i < count; i++)
            {
                _read++;
                yield return i == failing ? throw new InvalidDataException("row") : new PathRow { Path = $"{i}.png" };
            }
        }
    }

    private sealed class PathRow
    {
        public string Path { get; set; } = "";
    }

    /// <summary>The score of a row is its number.</summary>
    private sealed record FakeColumns(IDataView Rows, DataViewSchema Output, ImageColumn Image, Action? OnDecode, Action? OnScore)
        : ScoringColumns(Rows.Schema, Output, Image)
    {
        public override Func<ScoredBatch> Decode(IReadOnlyList<ImageSource> rows)
        {
            OnDecode?.Invoke();
            return () =>
            {
                OnScore?.Invoke();
                return new Numbers([.. rows.Select(row => (int)row.Row)]);
            };
        }

        public override Delegate Getter(int column, Func<ScoredBatch> scored, Func<int> row) =>
            (ValueGetter<int>)((ref int number) => number = ((Numbers)scored()).Values[row()]);
    }

    private sealed class Numbers(int[] values) : ScoredBatch
    {
        public int[] Values => values;
    }
}
