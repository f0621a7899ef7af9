using Microsoft.ML;
using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

/// <summary>What <see cref="CentroidTrainer"/> fits; disposable, so that who owns it shows.</summary>
internal sealed class CentroidTransformer(string features, float[][] centroids, string[] names)
    : ISingleFeaturePredictionTransformer<float[][]>, IDisposable
{
    public bool Disposed { get; private set; }

    public float[][] Model => centroids;

    public string FeatureColumnName => features;

    public DataViewType FeatureColumnType => new VectorDataViewType(NumberDataViewType.Single, centroids[0].Length);

    bool ITransformer.IsRowToRowMapper => true;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => new CentroidMapper(inputSchema, features, centroids, names).OutputSchema;

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new CentroidMapper(inputSchema, features, centroids, names);

    public IDataView Transform(IDataView input) => new MappedDataView(input, GetRowToRowMapper(input.Schema));

    void ICanSaveModel.Save(ModelSaveContext ctx) => CentroidFormat.Save(ctx, features, centroids, names);

    public void Dispose() => Disposed = true;

    private static CentroidTransformer Create(object env, object ctx) => CentroidFormat.Load(ctx);
}
