using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Makes data views, splits and filters them, and reads them back.</summary>
public sealed class DataOperationsCatalog : IInternalCatalog
{
    private readonly IHostEnvironment _env;

    internal DataOperationsCatalog(IHostEnvironment env) => _env = env;

    IHostEnvironment IInternalCatalog.Environment => _env;

    public IDataView LoadFromEnumerable<TRow>(IEnumerable<TRow> data, SchemaDefinition schemaDefinition = null)
        where TRow : class
    {
        _env.CheckValue(data, nameof(data));
        return new EnumerableDataView<TRow>(data, TypedColumn.Bind(typeof(TRow), schemaDefinition, SchemaDefinition.Direction.Read));
    }

    public IEnumerable<TRow> CreateEnumerable<TRow>(
        IDataView data, bool reuseRowObject, bool ignoreMissingColumns = false, SchemaDefinition schemaDefinition = null)
        where TRow : class, new()
    {
        _env.CheckValue(data, nameof(data));
        return TypedReader<TRow>.Rows(_env, data, reuseRowObject, ignoreMissingColumns, schemaDefinition);
    }

    /// <summary>Keeps in memory what is read; the named columns at once.</summary>
    public IDataView Cache(IDataView input, params string[] columnsToPrefetch)
    {
        _env.CheckValue(input, nameof(input));
        var cached = new CacheDataView(_env, input);
        cached.Prefetch(columnsToPrefetch ?? []);
        return cached;
    }

    public IDataView FilterRowsByColumn(
        IDataView input, string columnName, double lowerBound = double.NegativeInfinity, double upperBound = double.PositiveInfinity)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckNonEmpty(columnName, nameof(columnName));
        _env.CheckParam(lowerBound < upperBound, nameof(upperBound), "Must be more than lowerBound");
        DataViewSchema.Column column = input.Schema[columnName];
        if (column.Type is not NumberDataViewType)
            throw _env.ExceptSchemaMismatch(nameof(columnName), "filter", columnName, "number", column.Type.ToString());
        if (column.Type != NumberDataViewType.Single && column.Type != NumberDataViewType.Double)
            throw _env.ExceptSchemaMismatch("inputSchema", "source", columnName, "Single, Double or Key", column.Type.ToString());
        return new FilteredDataView(input, [column], RangeTest.OnNumber(column, lowerBound, upperBound));
    }

    public IDataView FilterRowsByKeyColumnFraction(IDataView input, string columnName, double lowerBound = 0, double upperBound = 1)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckNonEmpty(columnName, nameof(columnName));
        _env.CheckParam(lowerBound is >= 0 and <= 1, nameof(lowerBound), "Must be in [0, 1]");
        _env.CheckParam(upperBound is >= 0 and <= 1, nameof(upperBound), "Must be in [0, 1]");
        _env.CheckParam(lowerBound <= upperBound, nameof(upperBound), "Must be no less than lowerBound");
        DataViewSchema.Column column = input.Schema[columnName];
        if (column.Type is not KeyDataViewType)
            throw _env.ExceptSchemaMismatch(nameof(columnName), "filter", columnName, "KeyType", column.Type.ToString());
        return new FilteredDataView(input, [column], RangeTest.OnKey(column, lowerBound, upperBound));
    }

    public IDataView ShuffleRows(IDataView input, int? seed = null, int shufflePoolSize = 1000, bool shuffleSource = true)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckUserArg(shufflePoolSize > 0, nameof(shufflePoolSize), "Must be positive");
        return new ShufflingDataView(_env, input, seed, shufflePoolSize, shuffleSource);
    }

    public IDataView SkipRows(IDataView input, long count)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckUserArg(count > 0, nameof(count), "Must be greater than zero.");
        return new SkipTakeDataView(input, skip: count, take: long.MaxValue);
    }

    public IDataView TakeRows(IDataView input, long count)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckUserArg(count > 0, nameof(count), "Must be greater than zero.");
        return new SkipTakeDataView(input, skip: 0, take: count);
    }

    /// <summary>Two parts; rows with the same sampling key stay together.</summary>
    public TrainTestData TrainTestSplit(IDataView data, double testFraction = 0.1, string samplingKeyColumnName = null, int? seed = null)
    {
        _env.CheckValue(data, nameof(data));
        _env.CheckParam(testFraction is > 0 and < 1, nameof(testFraction), "Must be between 0 and 1 exclusive");
        return DataSplit.TrainTest(_env, data, testFraction, samplingKeyColumnName, seed);
    }

    /// <summary>As many pairs as folds; each row is in one test set.</summary>
    public IReadOnlyList<TrainTestData> CrossValidationSplit(IDataView data, int numberOfFolds = 5, string samplingKeyColumnName = null, int? seed = null)
    {
        _env.CheckValue(data, nameof(data));
        return DataSplit.Folds(_env, data, numberOfFolds, nameof(numberOfFolds), samplingKeyColumnName, seed);
    }

    /// <summary>Data for training and for testing.</summary>
    public struct TrainTestData
    {
        public readonly IDataView TrainSet;
        public readonly IDataView TestSet;

        internal TrainTestData(IDataView trainSet, IDataView testSet)
        {
            TrainSet = trainSet;
            TestSet = testSet;
        }
    }
}
